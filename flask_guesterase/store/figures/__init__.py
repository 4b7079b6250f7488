"""Figures for those who must improve the process: counted when asked, frozen in a review."""
