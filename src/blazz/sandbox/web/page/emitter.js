/** Events as WhatsApp's models and buses have them, in the style of Backbone. */

import { define } from './registry.js';

export class Emitter {
  on(names, callback, context) {
    if (typeof callback !== 'function') throw new Error('Callback parameter passed is not a function');
    for (const name of names.split(' ')) {
      const listeners = (this.listeners_ ??= new Map()).get(name);
      const listener = { callback, context: context ?? this };
      this.listeners_.set(name, listeners ? [...listeners, listener] : [listener]);
    }
    return this;
  }

  once(names, callback, context) {
    const once = (...parameters) => {
      this.off(names, once);
      callback.apply(context ?? this, parameters);
    };
    return this.on(names, once);
  }

  off(names, callback) {
    if (!names) this.listeners_?.clear();
    for (const name of names ? names.split(' ') : []) {
      const kept = (this.listeners_?.get(name) ?? []).filter(
        (listener) => callback && listener.callback !== callback,
      );
      this.listeners_?.set(name, kept);
    }
    return this;
  }

  trigger(name, ...parameters) {
    for (const { callback, context } of this.listeners_?.get(name) ?? []) {
      callback.apply(context, parameters);
    }
    for (const { callback, context } of this.listeners_?.get('all') ?? []) {
      callback.call(context, name, ...parameters);
    }
    return this;
  }

  listenTo(other, names, callback) {
    other.on(names, callback, this);
    return this;
  }

  stopListening() {
    return this;
  }
}
// Non-enumerable, so that listeners never travel when a model is copied or serialised.
Object.defineProperty(Emitter.prototype, 'listeners_', {
  configurable: true,
  get: () => undefined,
  set(value) {
    Object.defineProperty(this, 'listeners_', { value, writable: true, configurable: true });
  },
});

define('WAWebEventEmitter', { default: Emitter });
