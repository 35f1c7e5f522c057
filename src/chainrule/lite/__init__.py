"""Lessons in a browser tab: a static site of notebooks in which `import torch` gives chainrule, nothing installed.

    lessons    the files as the site has them, and the page of contents
    wheels     chainrule, and what Pyodide's packages lack, as wheels
    lock       the list of packages that a tab can import
    site       JupyterLite builds the site, and these go into it
    command    `chainrule lite`
    tab.js     what the kernel loads in Pyodide's place: Pyodide, with the site's list and the reader's language
    tab        in the tab: packages fetched when they are imported

The parts are JupyterLite's and Pyodide's.
"""
