// node pyodide.mjs TASK: runs Python in Pyodide. TASK is JSON: where Pyodide is (home), which of its packages to load,
// which folders of this machine to show where (mounts), and the script.
const task = JSON.parse(process.argv[2]);
const { loadPyodide } = await import(`${task.home}/pyodide.mjs`);
const py = await loadPyodide({ indexURL: task.home });
for (const [place, folder] of Object.entries(task.mounts)) {
  py.FS.mkdirTree(place);
  py.mountNodeFS(place, folder);
}
await py.loadPackage(task.packages, { messageCallback: () => {} });
try {
  py.runPython(task.script);
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}
