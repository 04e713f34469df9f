"""What needs IPython: cells, what handlers print, pages, what this process has one of."""
