// SPDX-License-Identifier: BSD-3-Clause
// Line -> SIP: the settings of one account, as desk phones have them.

import {$, el, get, post, say, has, setText, plainName, parseUri, formatUri, REASONS} from './api.js';

const BASIC = ['failover_failback', 'failover_failback_interval', 'failover_retries'];
const LABELS = {
  failover_failback: 'Enable failback', failover_failback_interval: 'Failback interval (s)',
  failover_retries: 'Signal retry counts', failover_timeout: 'Give up after (s)',
  failover_failback_jitter: 'Interval longer at random by (%)', failover_probe: 'What a check sends',
  failover_keepalive: 'OPTIONS to the server in use every (s)', failover_codes: 'Answers to REGISTER that fail a server',
  failover_call_codes: 'Answers in calls that fail a server', failover_rise: 'Good checks before returning',
  failover_fall: 'Failures before leaving', failover_standby: 'Register with the next server as well',
  failover_flow: 'Watch the connection', failover_tcp_keepalive: 'TCP keep-alive every (s)',
  failover_srv: 'Each SRV target is a server', failover: 'Use failover for this line',
};
const CHOICES = {failover_probe: ['register', 'options']};
const TRANSPORTS = [['', 'Automatic'], ['udp', 'UDP'], ['tcp', 'TCP'], ['tls', 'TLS']];
const MAX_SERVERS = 8;
const writable = has('set');

let picks = '', wanted = '', aor = '', config = null, servers = [], known = '', number = 0;

// A label, an input, a hint and room for an error; described to a screen reader
function field(key, label, input, hint, width = '') {
  const id = `field-${++number}`;
  input.id = id;
  input.dataset.key = key;
  input.disabled = !writable;
  input.setAttribute('aria-describedby', `${id}-hint ${id}-error`);
  const parts = [el('span', {class: 'hint', id: `${id}-hint`}, hint), el('span', {class: 'error', id: `${id}-error`})];
  if (input.type === 'checkbox')
    return el('p', {class: `field ${width}`}, el('span', {class: 'check-row'}, input, el('label', {for: id}, label)), ...parts);
  return el('p', {class: `field ${width}`}, el('label', {for: id}, label), input, ...parts);
}

function select(options, value) {
  return el('select', {}, ...options.map(([name, text]) => el('option', {value: name, selected: name === value}, text)));
}

// What is drawn anew has other elements: the focus goes to the one in the same place
function rememberFocus() {
  const e = document.activeElement, {part, key} = e.dataset;
  const i = [...$('servers').children].findIndex((box) => box.contains(e));
  const css = part ? `[data-part=${part}]` : key ? `[data-key=${key}]` : `[aria-label="${e.ariaLabel}"]`;
  return () => (i < 0 ? $('form') : $('servers').children[i])?.querySelector(css)?.focus();
}

function focusTool(i, word) {
  const tools = [...$('servers').children[i].querySelectorAll('button:enabled')];
  (tools.find((tool) => tool.ariaLabel.startsWith(word)) || tools[0]).focus();
}

// Servers

function readServer(box) {
  const part = (name) => box.querySelector(`[data-part=${name}]`).value.trim();
  return {...servers[box.dataset.index], host: part('host'), port: part('port'),
    transport: part('transport'), regint: part('regint')};
}

function readServers() {
  servers = [...$('servers').children].map(readServer);
}

function serverBox(server, i) {
  const key = `server${i + 1}`, name = `SIP Server ${i + 1}`;
  const said = el('p', {class: 'said', role: 'status'});
  const port = () => `Empty: ${transport.value === 'tls' ? 5061 : 5060}, or by DNS`;
  const input = (part, value, attributes = {}) =>
    el('input', {'data-part': part, value, autocomplete: 'off', spellcheck: 'false', ...attributes});
  const transport = select(TRANSPORTS, server.transport);
  transport.dataset.part = 'transport';
  transport.addEventListener('change', () => box.querySelector('.w2 .hint').textContent = port());
  const tool = (text, label, onclick, disabled = false) =>
    el('button', {type: 'button', class: text.length < 2 ? 'icon' : '', 'aria-label': `${label} ${name}`, onclick, disabled}, text);
  const change = (edit) => () => { readServers(); edit(); drawServers(); };
  const move = (to, word) => () => {
    change(() => servers.splice(to, 0, servers.splice(i, 1)[0]))();
    focusTool(to, word);
  };
  const remove = () => {
    change(() => servers.splice(i, 1))();
    focusTool(Math.min(i, servers.length - 1), 'Remove');
  };
  const test = async () => {
    say(said, {ok: true, text: 'Asking…'});
    say(said, await post('/api/test', {aor, uri: formatUri(readServer(box))}));
  };
  const box = el('fieldset', {class: 'card', 'data-index': i}, el('legend', {}, name, i ? '' : ' (primary)'),
    el('div', {class: 'fields'},
      field(key, 'Address', input('host', server.host), 'Name or address', 'w5'),
      field('', 'Port', input('port', server.port, {inputmode: 'numeric'}), port(), 'w2 half'),
      field('', 'Transport', transport, '', 'w2 half'),
      field(i ? `failover_regint${i + 1}` : 'regint', 'Registration expiry (s)',
        input('regint', server.regint, {inputmode: 'numeric'}), '', 'w3')),
    el('div', {class: 'tools'}, has('test') ? tool('Test', 'Test', test) : '',
      ...(writable ? [tool('↑', 'Move up', move(i - 1, 'Move up'), !i), tool('↓', 'Move down', move(i + 1, 'Move down'), i + 1 === servers.length),
        tool('Remove', 'Remove', remove, servers.length < 3)] : []), said));
  return box;
}

function drawServers() {
  $('servers').replaceChildren(...servers.map(serverBox));
  $('add').disabled = servers.length >= MAX_SERVERS;
}

// Settings

function settingField(setting) {
  const {key, value} = setting;
  const yesno = setting.default === 'yes' || setting.default === 'no';
  const input = yesno ? el('input', {type: 'checkbox', checked: value === 'yes'}) :
    CHOICES[key] ? select(CHOICES[key].map((word) => [word, word]), value) :
      el('input', {value, autocomplete: 'off', spellcheck: 'false'});
  const from = {config: 'set in the file config', account: 'set for this account', changed: 'changed, not saved'}[setting.source];
  const allowed = yesno ? '' : `${setting.allowed[0].toUpperCase()}${setting.allowed.slice(1)} · `;
  return field(key, LABELS[key] || key.replace('failover_', '').replaceAll('_', ' '), input,
    `${allowed}${allowed ? 'd' : 'D'}efault ${setting.default}${from ? ` · ${from}` : ''}`);
}

function draw() {
  const of = (basic) => config.settings.filter(({key}) => BASIC.includes(key) === basic);
  const focus = rememberFocus();
  const order = (a, b) => BASIC.indexOf(a.key) - BASIC.indexOf(b.key);
  servers = config.servers.map(({uri, regint}) => ({...parseUri(uri), written: uri, regint: String(regint)}));
  drawServers();
  $('basic').replaceChildren($('basic').querySelector('legend'),
    el('div', {class: 'fields'}, ...of(true).sort(order).map(settingField)));
  $('advanced').querySelector('.fields').replaceChildren(...of(false).map(settingField));
  known = JSON.stringify(values());
  focus();
}

// As it was written, if nothing of it has changed: other text is another server
function uriOf(server) {
  const uri = formatUri(server);
  return server.written && formatUri(parseUri(server.written)) === uri ? server.written : uri;
}

// Every key and its value, as POST /api/set takes them
function values() {
  const found = {};
  readServers();
  servers.forEach((server, i) => {
    found[`server${i + 1}`] = server.host ? uriOf(server) : '';
    found[i ? `failover_regint${i + 1}` : 'regint'] = server.regint;
  });
  for (let i = servers.length; i < config.servers.length; i++) found[`server${i + 1}`] = '';
  for (const input of $('form').querySelectorAll('#basic [data-key], #advanced [data-key]'))
    found[input.dataset.key] = input.type === 'checkbox' ? (input.checked ? 'yes' : 'no') : input.value.trim();
  return found;
}

// Servers come as a whole: somebody else may have given them other numbers
function changes() {
  const before = JSON.parse(known), now = values();
  const changed = Object.keys(now).filter((key) => before[key] !== now[key]);
  const isServer = (key) => /^server\d$/.test(key);
  if (changed.some(isServer)) changed.push(...Object.keys(now).filter((key) => isServer(key) && !changed.includes(key)));
  return Object.fromEntries(changed.map((key) => [key, now[key]]));
}

const nameOf = (key) => LABELS[key]?.replace(/ \(.*/, '') || (/^server/.test(key) ? 'servers' : 'registration expiry');

function showErrors(errors) {
  let first = null;
  for (const input of $('form').querySelectorAll('[data-key]')) {
    const error = errors[input.dataset.key];
    input.toggleAttribute('aria-invalid', Boolean(error));
    if (error) {
      input.setAttribute('aria-invalid', 'true');
      first ||= input;
      if (input.closest('#advanced')) $('advanced').open = true;
    }
    $(`${input.id}-error`).textContent = error || '';
  }
  if (first) first.focus();
}

async function apply(event) {
  event.preventDefault();
  const changed = changes();
  if (!Object.keys(changed).length) {
    say($('said'), {ok: true, text: 'Nothing has changed.'});
    return;
  }
  const answer = await post('/api/set', {aor, ...changed});
  showErrors(answer.errors || {});
  if (answer.ok) {
    await load(aor);
    const names = [...new Set(Object.keys(changed).map(nameOf))].join(', ');
    answer.text = `In use now: ${names}. Save… writes it to the files.`;
  }
  say($('said'), answer);
}

// Each line with its colour
function drawDiff(text) {
  const kind = (line) => /^(---|\+\+\+|@@) /.test(line) ? 'soft' : {'+': 'good', '-': 'bad'}[line[0]] || '';
  $('diff-text').replaceChildren(...text.split(/(?<=\n)/).map((line) => el('span', {class: kind(line)}, line)));
  $('diff-text').hidden = !text;
  $('diff-none').hidden = Boolean(text);
  $('diff-save').disabled = !text;
}

async function showDiff() {
  let text = '';
  say($('diff-said'), {ok: true, text: ''});
  try {
    text = has('diff') ? (await get(`/api/diff?aor=${encodeURIComponent(aor)}`)).diff : '';
  } catch (error) {
    say($('diff-said'), {ok: false, error: error.message});
  }
  drawDiff(text);
  $('diff').showModal();
}

async function save() {
  const answer = await post('/api/save', {aor});
  // somebody else has changed the file: what would be written now
  const [, error, diff] = /^([^]*) failover_save once more writes this:\n([^]*)$/.exec(answer.error) || [];
  if (diff) {
    drawDiff(diff);
    answer.error = `${error} Look at the changes above; Save then writes them.`;
  }
  say($('diff-said'), answer);
  if (!answer.ok) return;
  $('diff').close();
  say($('said'), answer);
}

async function load(name) {
  try {
    const found = await get(`/api/config?aor=${encodeURIComponent(name)}`);
    if (name !== wanted) return;        // another line was picked meanwhile
    config = found;
    aor = name;
    draw();
    showErrors({});
    say($('said'), {ok: true, text: ''});
  } catch (error) {
    if (name === wanted) wanted = aor;
    say($('said'), {ok: false, error: error.message});
  }
}

// The lines to pick from; called with every status
export function setAccounts(accounts) {
  const names = accounts.map((account) => account.aor);
  const text = names.join('\n');
  if (text !== picks) {
    picks = text;
    $('pick').replaceChildren(...names.map((name) => el('option', {value: name}, plainName(name))));
    $('pick').value = wanted;
  }
  const unmanaged = accounts.find((account) => account.aor === wanted && account.state === 'unmanaged');
  $('why').hidden = !unmanaged;
  if (unmanaged) setText($('why'), `Not managed: ${REASONS[unmanaged.reason] || unmanaged.reason}.`);
  if (!wanted && names.length && !$('line').hidden) showLine(names[0]);
}

export function showLine(name) {
  if (name) location.hash = `line/${encodeURIComponent(name)}`;
  else if ($('pick').options.length) name = wanted || $('pick').options[0].value;
  if (!name || name === wanted) return;
  wanted = name;
  $('pick').value = name;
  load(name);
}

$('form').addEventListener('submit', apply);
$('pick').addEventListener('change', () => showLine($('pick').value));
$('undo').addEventListener('click', () => load(aor));
$('add').addEventListener('click', () => {
  readServers();
  servers.push({host: '', port: '', transport: 'udp', regint: servers.length ? servers[0].regint : ''});
  drawServers();
  $('servers').lastChild.querySelector('input').focus();
});
$('save').addEventListener('click', showDiff);
$('diff-save').addEventListener('click', save);
$('diff-close').addEventListener('click', () => $('diff').close());
$('read-only').hidden = writable;
for (const id of ['apply', 'undo', 'add']) $(id).hidden = !writable;
$('save').hidden = !has('save');
