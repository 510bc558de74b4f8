/* node pyodide.mjs PYODIDE SITE: what tests/places.py finds in Pyodide with the packages in the folder SITE, as JSON. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodide, site] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(pyodide, "pyodide.mjs")));
const python = await loadPyodide({ stdout: text => console.error(text) });
python.mountNodeFS("/mnt", site);
const code = `
import json, sys
sys.path.insert(0, "/mnt")
from places import found_here
json.dumps(found_here())
`;
try {
  process.stdout.write(python.runPython(code), () => process.exit(0));
} catch (error) {  // uncaught, it would be shown with a line of Pyodide's, which is a megabyte long
  console.error(error.message);
  process.exit(1);
}
