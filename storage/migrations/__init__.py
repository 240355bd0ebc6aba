"""How the schema came to be, one numbered step at a time, each with its why."""
