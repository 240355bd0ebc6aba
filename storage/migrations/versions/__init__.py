"""The numbered steps. A released one is never edited; the next one corrects it."""
