"""What needs IPython: cells, handler output, pages, and the per-process objects."""
