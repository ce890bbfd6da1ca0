/** The registry of modules, in the shape of Meta's loader: what wa-js searches through. */

const modules = new Map();

/**
 * Register a module under the name that WhatsApp gives it.
 *
 * wa-js replaces functions of these objects to listen in, so code of this page that wants to be
 * heard calls them through `internal(id)`, never directly.
 */
export function define(id, exported) {
  if (modules.has(id)) throw new Error(`module ${id} is defined twice`);
  modules.set(id, exported);
  return exported;
}

/** The exports of a module as they are now, wrapped by wa-js or not. */
export function internal(id) {
  const found = modules.get(id);
  if (!found) throw new Error(`Requiring unknown module "${id}"`);
  return found;
}

/**
 * Make the registry visible under the globals of Meta's loader.
 *
 * @param {string[]} missing modules to hide: how a WhatsApp that changed looks to wa-js
 */
export function publish(missing) {
  const hidden = new Set(missing);
  const modulesMap = {};
  const list = (id) => {
    modulesMap[id] = { id, factory: () => modules.get(id) };
  };
  for (const id of modules.keys()) if (!hidden.has(id)) list(id);
  const load = (id) => {
    if (id === '__debug') return { modulesMap };
    if (!(id in modulesMap)) throw new Error(`Requiring unknown module "${id}"`);
    return internal(id);
  };
  window.ErrorGuard = { skipGuardGlobal() {} };
  window.importNamespace = load;
  window.__d = (id, dependencies, factory) => {
    const module = { exports: {} };
    factory(window, load, load, load, module, module.exports);
    modules.set(id, module.exports);
    list(id);
  };
  window.require = load;
}
