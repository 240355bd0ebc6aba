"""The console's commands, a module for each kind; `cli` reads their words and runs them."""
