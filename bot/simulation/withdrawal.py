"""Anonymous orders leave a book: all of them, those near a price, or a share of each."""

from bot.simulation.book import Book, Resting

__all__ = ["thin", "withdraw", "withdraw_near"]


def withdraw(book: Book) -> None:
    """Take all of them out."""
    for resting in _anonymous(book, is_buy=True) + _anonymous(book, is_buy=False):
        book.remove(resting)


def withdraw_near(book: Book, *, above_e8: int, below_e8: int) -> None:
    """Take out bids above the one price and asks below the other."""
    for resting in _anonymous(book, is_buy=True):
        if resting.price_e8 > above_e8:
            book.remove(resting)
    for resting in _anonymous(book, is_buy=False):
        if resting.price_e8 < below_e8:
            book.remove(resting)


def thin(book: Book, share: float, step_e8: int) -> None:
    """Leave that share of each, at least one step."""
    for resting in _anonymous(book, is_buy=True) + _anonymous(book, is_buy=False):
        left = max(step_e8, int(resting.remaining_e8 * share) // step_e8 * step_e8)
        if left < resting.remaining_e8:
            book.reduce(resting, resting.remaining_e8 - left)


def _anonymous(book: Book, *, is_buy: bool) -> list[Resting]:
    return [
        resting
        for _, level in book.side(is_buy).from_best()
        for resting in level.queue.values()
        if resting.client is None
    ]
