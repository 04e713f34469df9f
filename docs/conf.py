"""Sphinx's settings; ``docs/make_site.py`` puts the sources together and calls it."""

import importlib.metadata

project = "nbsocket"
author = "the nbsocket developers"
copyright = "2026, the nbsocket developers"  # noqa: A001 - Sphinx's name
version = release = importlib.metadata.version("nbsocket")
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_class_signature = "separated"
napoleon_use_rtype = False
# Types of other libraries are not looked up elsewhere: the site is built without a network.
nitpick_ignore_regex = [("py:.*", ".*")]
nb_execution_mode = "off"
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
html_theme = "pydata_sphinx_theme"
html_title = "nbsocket"
html_static_path = ["_static"]
# A classroom may be offline: nothing comes from elsewhere.
html_js_files = ["mermaid.min.js", ("diagrams.js", {"defer": "defer"})]
html_css_files = ["diagrams.css"]
html_theme_options = {
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_end": [],
}
# Only the tutorial has pages below it.
html_sidebars = {"[!tn]*": [], "testing": []}
html_show_sourcelink = False
exclude_patterns = ["_build"]
