// SPDX-License-Identifier: BSD-3-Clause
// What the pages share: requests, elements, words for times and states.

const meta = (name) => document.querySelector(`meta[name=failover-${name}]`).content;

let token = meta('token');
const features = new Set(meta('features').trim().split(/\s+/));

export const has = (feature) => features.has(feature);
export const $ = (id) => document.getElementById(id);

// el('p', {class: 'x'}, child, …): text is never taken for HTML
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null && child !== ''));
  return element;
}

// Write only what differs: nothing is laid out anew for the same text
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setClass(element, name) {
  if (element.className !== name) element.className = name;
}

export async function get(path, limit = 4000) {
  const answer = await fetch(path, {cache: 'no-store', signal: AbortSignal.timeout(limit)});
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.error);
  return data;
}

// Baresip makes a new token when it starts
async function renewToken() {
  const page = await (await fetch('/', {cache: 'no-store'})).text();
  const found = /name="failover-token" content="(\w+)"/.exec(page);
  const changed = found && found[1] !== token;
  if (changed) token = found[1];
  return changed;
}

// {ok, text} or {ok, error, errors}; never throws
export async function post(path, form, again = true) {
  try {
    const answer = await fetch(path, {method: 'POST', body: new URLSearchParams(form),
      headers: {'X-Failover-Token': token}, signal: AbortSignal.timeout(45000)});
    if (answer.status === 403 && again && await renewToken()) return post(path, form, false);
    return await answer.json();
  } catch {
    return {ok: false, error: 'Baresip does not answer.'};
  }
}

export function say(element, answer) {
  setClass(element, answer.ok ? 'said' : 'said bad');
  element.textContent = answer.ok ? answer.text : answer.error;
}

export const plainName = (aor) => aor.replace(/^sips?:/, '');

// "sip:[2001:db8::1]:5060;transport=udp" in parts; `rest` is kept as it is
export function parseUri(uri) {
  const found = /^(sips?):(\[[^\]]*\]|[^:;]*)(?::(\d*))?(.*)$/i.exec(uri) || [uri, 'sip', uri, '', ''];
  const [, scheme, host, port = '', params] = found;
  const transport = /;transport=(\w+)/i.exec(params);
  return {scheme, host, port, transport: transport ? transport[1].toLowerCase() : '',
    rest: params.replace(/;transport=\w+/i, '')};
}

export function formatUri({scheme = 'sip', host, port, transport, rest = ''}) {
  const address = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${scheme}:${address}${port ? `:${port}` : ''}${transport ? `;transport=${transport}` : ''}${rest}`;
}

export function addressOf(uri) {
  const {host, port, transport} = parseUri(uri);
  return [host + (port ? `:${port}` : ''), transport.toUpperCase()];
}

// 59 s, 12 min, 3 h 20 min, 4 d 2 h; exact: 12 min 5 s
export function duration(s, exact = false) {
  s = Math.max(0, Math.round(s));
  const m = Math.floor(s / 60), h = Math.floor(m / 60), d = Math.floor(h / 24);
  const two = (a, x, b, y) => `${a} ${x}${b ? ` ${b} ${y}` : ''}`;
  if (s < 60) return `${s} s`;
  if (h < 1) return exact ? two(m, 'min', s % 60, 's') : `${m} min`;
  return d < 1 ? two(h, 'h', m % 60, 'min') : two(d, 'd', h % 24, 'h');
}

// word for the reader, kind for colour and shape
export const STATES = {
  primary: ['On primary', 'good'], backup: ['On backup', 'warn'], moving: ['Moving', 'busy'],
  down: ['Down', 'bad'], unmanaged: ['Not managed', 'idle'],
};
export const REASONS = {
  'failover=no': 'failover is turned off for this line',
  'it needs two servers, outbound= and outbound2=': 'it needs a second server',
};
export const HEALTH = {
  up: ['Up', 'good'], down: ['Down', 'bad'], unknown: ['Not tried', 'idle'], maintenance: ['Maintenance', 'warn'],
};
