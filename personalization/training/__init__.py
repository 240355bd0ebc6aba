"""The night: feedback in, a gated adapter out."""
