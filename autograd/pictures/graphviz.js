/* Graphviz as WebAssembly: given the bytes of its module, a function from a picture's source to its SVG text.

   The module speaks to a system of files and processes (WASI, preview 1). Here it finds no files, no variables and no
   input, and what it prints is dropped. Each function of the system answers with a number: 0, or what went wrong. */
bytes => {
  const DONE = 0, NO_SUCH_HANDLE = 8, NO_SUCH_FILE = 44, NOT_HERE = 52;
  const memory = () => new DataView(graphviz.memory.buffer);  // it moves when it grows
  const set = (address, number) => memory().setUint32(address, number, true);
  const system = {
    environ_sizes_get: (count, size) => { set(count, 0); set(size, 0); return DONE; },
    environ_get: () => DONE,
    clock_time_get: (clock, precision, time) => { memory().setBigUint64(time, 0n, true); return DONE; },
    random_get: (start, length) => { new Uint8Array(graphviz.memory.buffer, start, length).fill(7); return DONE; },
    fd_prestat_get: () => NO_SUCH_HANDLE,  // no folder is open
    path_open: () => NO_SUCH_FILE,
    path_filestat_get: () => NO_SUCH_FILE,
    fd_fdstat_get: (handle, stat) => {
      new Uint8Array(graphviz.memory.buffer, stat, 24).fill(0);
      memory().setUint8(stat, 2);  // a terminal
      return DONE;
    },
    fd_read: (handle, pieces, count, length) => { set(length, 0); return DONE; },
    fd_write: (handle, pieces, count, length) => {
      let all = 0;
      for (let piece = 0; piece < count; piece++) all += memory().getUint32(pieces + 8 * piece + 4, true);
      set(length, all);
      return DONE;
    },
    proc_exit: status => { throw new Error(`Graphviz ended with status ${status}`); },
  };
  const module = new WebAssembly.Module(bytes), imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = system[name] ?? (() => NOT_HERE);
  }
  const graphviz = new WebAssembly.Instance(module, imports).exports;

  /* Texts in the module's memory: there they end with a zero. */
  const put = text => {
    const written = new TextEncoder().encode(`${text}\0`), address = graphviz.malloc(written.length);
    new Uint8Array(graphviz.memory.buffer).set(written, address);
    return address;
  };
  const read = (address, length) => {
    const all = new Uint8Array(graphviz.memory.buffer);
    return new TextDecoder().decode(all.slice(address, length === undefined ? all.indexOf(0, address) : address + length));
  };

  return source => {
    const length = graphviz.malloc(4), given = [put(source), put("svg"), put("dot")];
    const svg = graphviz.graphviz_render(...given, length);
    if (!svg) throw new Error(read(graphviz.graphviz_last_error()));
    const text = read(svg, memory().getUint32(length, true));
    graphviz.graphviz_free(svg);
    [...given, length].forEach(graphviz.free);
    return text;
  };
}
