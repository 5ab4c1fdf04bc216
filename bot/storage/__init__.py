"""The trade database: the only importer of SQLAlchemy."""
