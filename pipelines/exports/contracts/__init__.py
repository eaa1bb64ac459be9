"""Source contracts: what a vendor's export looks like, which of them fits a table, and a first draft where none does."""
