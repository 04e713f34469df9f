"""What is tried in every host of notebooks; see lesson.py."""

CHECKS = (
    "pane connects",
    "emit from a cell",
    "while a cell runs",
    "answers both ways",
    "binary",
    "10,000 in order",
    "%%client",
    "page",
    "kernel restart",
    "saved picture",
)
