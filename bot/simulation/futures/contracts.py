"""What may be traded on the futures exchange: contracts, and their form in exchangeInfo."""
