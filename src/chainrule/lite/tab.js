// What the kernel loads in Pyodide's place: Pyodide itself, with the site's list of packages (whose addresses are
// relative to the list), in the reader's language. PYODIDE is filled in when the site is made.
self.loadPyodide = async (options) => {
  const here = options.lockFileURL;
  const home = new URL("PYODIDE", here).href;
  importScripts(home + "pyodide.js"); // which puts the real loadPyodide in place of this one
  const lock = await (await fetch(here)).json();
  for (const p of Object.values(lock.packages)) p.file_name = new URL(p.file_name, here).href;
  const lockFileURL = URL.createObjectURL(new Blob([JSON.stringify(lock)]));
  const env = { CHAINRULE_LANGUAGE: navigator.language, ...options.env };
  const py = await self.loadPyodide({ ...options, indexURL: home, lockFileURL, env });
  py.runPython("import chainrule_in_tab; chainrule_in_tab.install()");
  return py;
};
