"""Whether learning works: simulated people with hidden wishes, judged by programs."""
