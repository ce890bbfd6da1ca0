/**
 * `window.blazz`: what Python calls in the page, and how the page tells Python something.
 *
 * The other scripts put their functions here: `blazz.sendText = async (argument) => …`. Each gets
 * one value made from JSON and gives one that JSON can hold. `blazz.emit(name, value)` tells Python
 * of an event.
 */

const MOST_EVENTS = 250;
const RESERVED = new Set(['emit', 'fail', 'progress', 'run', 'whenReady']);
/** Milliseconds for which news of our own messages waits for more: many calls cost more than many events. */
const PATIENCE = 50;
const waiting = [];
let timer = null;
let patient = false;

/** What a thrown value tells, as JSON can hold it. */
function describe(error) {
  if (!(error instanceof Error)) return { code: 'thrown', message: String(error) };
  const { name, message, code, stack, ...rest } = error;
  const details = {};
  for (const [key, value] of Object.entries(rest)) {
    if (['string', 'number', 'boolean'].includes(typeof value)) details[key] = value;
    else if (value && typeof value === 'object') details[key] = String(value);
  }
  return { code: String(code ?? error.name), message: String(error.message), details };
}

/** Hand over what waits, in batches; each batch is one call out of the page. */
function flush() {
  timer = null;
  while (waiting.length) {
    window.blazzEvents(`[${waiting.splice(0, MOST_EVENTS).join(',')}]`);
  }
}

// `pagehide` would be too late: what is told then does not arrive.
addEventListener('beforeunload', flush);

window.blazz = {
  /** Tell Python of an event, soon and in order; the value is taken as it is now. */
  emit(name, value) {
    waiting.push(JSON.stringify([name, value ?? null]));
    // Nobody waits for these as for an answer, and while much is sent they come all the time.
    const canWait = name === 'receipt' || (name === 'message' && value?.fromMe);
    if (timer !== null && (canWait || !patient)) return;
    clearTimeout(timer);
    patient = canWait;
    timer = setTimeout(flush, canWait ? PATIENCE : 0);
  },

  /** Tell at once what waits for more, because nothing comes after it. */
  tellNow() {
    clearTimeout(timer);
    flush();
  },

  /** An error with a code that Python sees, to be thrown. */
  fail(code, message, details = {}) {
    return Object.assign(new Error(message), { code, ...details });
  },

  /** Run something as soon as wa-js is ready; at once if it is. */
  whenReady(action) {
    WPP.loader.onReady(action);
  },

  /** How far the page has come: what `open` in Python waits for. */
  state() {
    return {
      version: window.WPP?.version ?? null,
      injected: Boolean(window.WPP?.isInjected),
      ready: Boolean(window.WPP?.isReady),
      loaded: document.readyState === 'complete',
      status: performance.getEntriesByType('navigation')[0]?.responseStatus ?? 0,
    };
  },

  /** The same, as soon as wa-js is ready, or after so many milliseconds. */
  async progress(milliseconds) {
    const { ready } = window.blazz.state();
    if (!ready) {
      await new Promise((done) => {
        setTimeout(done, milliseconds);
        window.WPP?.loader?.onReady(done);
      });
    }
    return window.blazz.state();
  },

  /** Which of wa-js's finders, such as `MsgStore` or `functions.addAndSendMsgToChat`, found nothing. */
  missing(names) {
    return names.filter((name) => {
      try {
        return name.split('.').reduce((at, part) => at[part], WPP.whatsapp) === undefined;
      } catch {
        return true;
      }
    });
  },

  /** Call a function by its name; the answer tells its value or what went wrong. */
  async run(name, json) {
    try {
      const action = Object.hasOwn(window.blazz, name) && window.blazz[name];
      if (RESERVED.has(name) || typeof action !== 'function') {
        throw window.blazz.fail('no_such_function', `the page has no function ${name}`);
      }
      const value = await action(JSON.parse(json));
      return JSON.stringify({ value: value ?? null });
    } catch (error) {
      return JSON.stringify({ error: describe(error) });
    }
  },
};
