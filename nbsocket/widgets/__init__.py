"""anywidget classes: the kernel's half of what shows in a notebook. RUNS IN THE KERNEL.

No secret is ever a trait: a view asks the Jupyter server for its ticket itself.
"""
