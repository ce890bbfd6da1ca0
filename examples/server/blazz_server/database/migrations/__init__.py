"""How the tables came about, step by step; `database.upgrade` runs the steps."""
