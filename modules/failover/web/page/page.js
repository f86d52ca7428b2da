// SPDX-License-Identifier: BSD-3-Clause
// The overview: every account, live.

import {$, el, get, post, say, has, setText, setClass, plainName, addressOf, duration, STATES, HEALTH, REASONS} from './api.js';
import {showLine, setAccounts} from './form.js';

const POLL_MS = 700, SLICE_MS = 8, MORE = 40;
let rows = new Map();           // aor -> Row, in Baresip's order
let filter = 'all', failures = 0, lastSeen = null, accounts = [], timer = 0;
let polling = false, again = false, room = MORE;

const pill = () => el('span', {class: 'pill'}, el('i', {class: 'shape'}), el('span'));

function setState(element, [word, kind], name = 'pill') {
  setClass(element, `${name} ${kind}`);
  setText(element.lastChild, word);
}

// Long work is done in slices: between them the browser draws and hears the user
let slice = 0;
async function breathe() {
  if (performance.now() - slice < SLICE_MS) return;
  await new Promise((done) => setTimeout(done));
  slice = performance.now();
}

class Card {                    // one server
  constructor(row, index) {
    this.row = row;
    this.index = index;
    this.title = el('span');
    this.tag = el('span', {class: 'tag', hidden: true});
    this.address = el('p', {class: 'address'});
    this.state = el('p', {class: 'state'}, el('i', {class: 'shape'}), el('span'));
    this.reason = el('p', {class: 'reason'});
    this.since = el('p', {class: 'soft reason'});
    this.use = el('button', {type: 'button', 'aria-label': `Use this server: ${index} of ${row.name}`, onclick: () => row.order('switch', {server: index})}, 'Use this server');
    this.rest = el('button', {type: 'button', onclick: () => row.order('maintenance',
      {server: index, state: this.health === 'maintenance' ? 'off' : 'on'})});
    this.buttons = el('div', {class: 'buttons'}, has('switch') ? this.use : '', has('maintenance') ? this.rest : '');
    this.element = el('li', {class: 'server'}, el('header', {}, this.title, this.tag), this.address,
      this.state, this.reason, this.since, this.buttons);
  }

  update(account, server) {
    const [address, transport] = addressOf(server.uri);
    const active = account.active === server.index, standby = account.standby === server.index;
    const managed = account.state !== 'unmanaged';
    this.health = server.state;
    this.unknown = server.state === 'unknown';
    setClass(this.element, active ? 'server active' : 'server');
    setText(this.title, `Server ${server.index}${server.index === 1 ? ', primary' : ''}`);
    this.tag.hidden = !active && !standby;
    setClass(this.tag, active ? 'tag' : 'tag stand');
    setText(this.tag, active ? 'In use' : 'Standby');
    setText(this.address, address + (transport ? ` · ${transport}` : ''));
    setState(this.state, HEALTH[server.state] || [server.state, 'idle'], 'state');
    setText(this.reason, [this.unknown && /^not tried/.test(server.reason) ? '' : server.reason, server.registered ? 'registered here' : '',
      server.srv ? `from ${server.srv}` : ''].filter(Boolean).join(' · '));
    this.use.hidden = active || !managed;
    this.rest.hidden = !managed;
    this.buttons.hidden = [...this.buttons.children].every((button) => button.hidden);
    const rest = server.state === 'maintenance' ? 'End maintenance' : 'Maintenance';
    setText(this.rest, rest);
    this.rest.setAttribute('aria-label', `${rest} of server ${server.index} of ${this.row.name}`);
  }
}

class Row {                     // one account
  constructor(aor) {
    this.name = plainName(aor);
    this.lower = this.name.toLowerCase();
    this.aor = aor;
  }

  // Made when it is first to be seen
  draw() {
    if (this.element) return this.element;
    this.pill = pill();
    this.using = el('span', {class: 'mono'});
    this.age = el('span', {class: 'soft'});
    this.check = el('span', {class: 'check'});
    this.details = el('details', {ontoggle: () => this.open()},
      el('summary', {}, this.pill, el('span', {class: 'name'}, this.name),
        el('span', {class: 'using'}, this.using, ' ', this.age), this.check));
    this.element = el('li', {}, this.details);
    this.fillSummary();
    this.tick();
    this.details.open = accounts.length < 4;
    return this.element;
  }

  // What is folded away is made when it is first looked at
  open() {
    if (!this.details.open || this.cards) return;
    this.cards = [];
    this.list = el('ol', {class: 'servers', 'aria-label': `Servers of ${this.name}`});
    this.facts = el('dl', {class: 'facts'});
    this.factv = new Map();
    this.said = el('p', {class: 'said', role: 'status'});
    this.probe = el('button', {type: 'button', onclick: () => this.order('probe', {})}, 'Check the primary now');
    this.history = el('div', {class: 'history', hidden: true});
    this.details.append(el('div', {class: 'body'}, this.list, this.facts,
      el('div', {class: 'buttons'}, has('probe') ? this.probe : '',
        has('config') ? el('button', {type: 'button', onclick: () => showLine(this.aor)}, 'Settings') : '', this.said),
      this.history));
    this.fill();
    this.tick();
  }

  async order(what, form) {
    say(this.said, await post(`/api/${what}`, {aor: this.aor, ...form}));
    poll();
  }

  fact(name, value) {
    if (!this.factv.has(name)) {
      this.factv.set(name, el('dd'));
      this.facts.append(el('div', {}, el('dt', {}, name), this.factv.get(name)));
    }
    setText(this.factv.get(name), String(value));
  }

  // Returns news for the reader. Time that has passed is no change
  update(account, now) {
    const next = account.failback.next_s ?? account.round_s ?? null;
    this.since = account.servers.map((server, i) => {       // a clock that does not tremble
      const at = now - server.since_s, before = this.since && this.since[i];
      server.since_s = 0;
      return Math.abs(at - before) < 1.5 ? before : at;
    });
    this.next = next === null ? null : now + next;
    account.failback.next_s = next === null ? null : 0;
    delete account.round_s;
    const key = JSON.stringify(account), before = this.state;
    if (key === this.key) return '';
    this.key = key;
    this.account = account;
    this.state = account.state;
    if (this.element) this.fillSummary();
    if (this.cards) this.fill();
    return before && before !== this.state ?
      `${this.name}: ${STATES[this.state][0]}${account.active ? `, server ${account.active}` : ''}` : '';
  }

  fillSummary() {
    const account = this.account;
    const server = account.servers.find((s) => s.index === account.active);
    setState(this.pill, STATES[account.state] || [account.state, 'idle']);
    setText(this.using, server ? addressOf(server.uri).filter(Boolean).join(' · ') : '');
  }

  fill() {
    const {account} = this;
    const c = account.counters, f = account.failback;
    account.servers.forEach((server, i) => {
      if (!this.cards[i]) this.list.append((this.cards[i] = new Card(this, server.index)).element);
      this.cards[i].update(account, server);
    });
    this.cards.splice(account.servers.length).forEach((card) => card.element.remove());
    this.facts.hidden = this.probe.hidden = account.state === 'unmanaged';
    setText(this.probe, account.state === 'down' ? 'Try again now' : 'Check the primary now');
    this.fact('Next check', '');
    this.fact('Failback', f.enabled ? `every ${duration(f.interval_s, true)}` : 'off');
    this.fact('Failovers', c.failovers);
    this.fact('Failbacks', c.failbacks);
    this.fact('All servers failed', c.exhausted);
    this.fact('Calls moved', c.calls_moved);
    this.fact('Hang-ups moved', c.byes_moved);
    if ('requests_moved' in c) this.fact('Requests moved', c.requests_moved);
    this.fillHistory(account.history || []);
    this.tick();
  }

  fillHistory(entries) {
    this.history.hidden = !entries.length;
    if (!entries.length) return;
    const when = (entry) => new Date(entry.time * 1000 || entry.time).toLocaleString();
    this.history.replaceChildren(el('h3', {}, 'History'), el('ol', {tabindex: 0, 'aria-label': `History of ${this.name}`},
      ...entries.map((entry) => el('li', {}, el('span', {}, when(entry)),
        el('span', {}, `${entry.from || 'none'} → ${entry.to || 'none'}`),
        el('span', {}, entry.reason + (entry.recovery_s != null ? ` (${entry.recovery_s.toFixed(1)} s)` : ''))))));
  }

  // Times, once a second
  tick(now = performance.now() / 1000) {
    const {account} = this;
    const at = account.servers.findIndex((s) => s.index === account.active);
    const next = this.next === null ? '' : duration(this.next - now, true);
    setText(this.age, account.reason ? REASONS[account.reason] || account.reason :
      at >= 0 ? `for ${duration(now - this.since[at])}` :
        account.servers.some((s) => s.state !== 'down') ? 'no server in use' : 'every server has failed');
    setText(this.check, next && `next ${account.state === 'down' ? 'attempt' : 'check'} in ${next}`);
    if (!this.cards) return;
    setText(this.factv.get('Next check'), next ? `in ${duration(this.next - now)}` : 'none due');
    this.cards.forEach((card, i) => setText(card.since, card.unknown ? '' :
      `for ${duration(now - this.since[i])}`));
  }
}

// Filters

function fitting() {
  const text = $('find').value.trim().toLowerCase();
  return [...rows.values()].filter((row) =>
    (filter === 'all' || row.state === filter) && row.lower.includes(text));
}

// Only some rows are in the document, and those that stay are not touched
function drawRows() {
  const list = $('accounts'), found = fitting(), wanted = found.slice(0, room);
  const stay = new Set(wanted.map((row) => row.element));
  for (const element of [...list.children]) if (!stay.has(element)) element.remove();
  let at = list.firstChild;
  for (const row of wanted) {
    if (row.element && row.element === at) at = at.nextSibling;
    else list.insertBefore(row.draw(), at);
  }
  const left = found.length - wanted.length;
  $('more').hidden = !left;
  setText($('more'), `Show more of the ${found.length} accounts`);
  $('empty').hidden = found.length > 0;
  setText($('empty'), rows.size ? 'No account fits.' : 'Baresip has no accounts.');
}

function applyFilter() {
  room = MORE;
  drawRows();
}

// Come near the end, and there are more. Observed anew, it tells if it is still near
const end = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && showMore(),
  {rootMargin: '600px'});

function showMore() {
  room += MORE;
  drawRows();
  end.unobserve($('more'));
  end.observe($('more'));
}

const chips = new Map(['all', ...Object.keys(STATES)].map((state) => {
  const [word, kind] = STATES[state] || ['All', ''];
  const count = el('b');
  const button = el('button', {type: 'button', 'aria-pressed': String(state === 'all'), onclick: () => {
    filter = state;
    for (const [name, chip] of chips) chip.button.setAttribute('aria-pressed', String(name === state));
    applyFilter();
  }}, kind ? el('span', {class: kind}, el('i', {class: 'shape'})) : '', word, count);
  $('states').append(button);
  return [state, {button, count}];
}));

function countStates() {
  const counts = {all: accounts.length};
  for (const account of accounts) counts[account.state] = (counts[account.state] || 0) + 1;
  for (const [state, {button, count}] of chips) {
    setText(count, String(counts[state] || 0));
    button.hidden = state !== 'all' && state !== filter && !counts[state];
  }
  const few = accounts.length < 5;
  $('states').hidden = few && filter === 'all';
  $('find-label').hidden = few && !$('find').value;
}

// Polling

async function update(status) {
  const now = performance.now() / 1000, found = new Map(), news = [];
  slice = performance.now();
  for (const account of status.accounts) {
    let key = account.aor;
    while (found.has(key)) key += ' ';          // two accounts of one address
    const row = rows.get(key) || new Row(account.aor);
    found.set(key, row);
    news.push(row.update(account, now));
    await breathe();
  }
  ({accounts} = status);
  rows = found;
  const told = news.filter(Boolean);
  if (told.length) setText($('news'), told.length > 3 ? `${told.length} accounts have changed.` : told.join('. '));
  countStates();
  drawRows();
  await breathe();
  tick();
  setAccounts(accounts);
}

function tick() {
  if (failures > 1) return;             // Baresip is gone: this is how it was then
  const now = performance.now() / 1000;
  for (const row of rows.values()) if (row.element?.parentNode) row.tick(now);
}

function tell(kind, word, text) {
  setState($('live'), [word, kind], 'live');
  document.body.classList.toggle('gone', Boolean(text));
  if (Boolean(text) === $('banner').hidden) {
    $('banner').hidden = !text;
    $('banner').textContent = text || '';
  }
}

async function poll() {
  const begun = performance.now();
  clearTimeout(timer);
  again = polling;
  if (polling) return;
  polling = true;
  try {
    await update(await get('/api/status'));
    failures = 0;
    lastSeen = new Date();
    tell('good', 'Live', '');
  } catch (error) {
    // a connection may be refused when there are many; Baresip is gone when two are
    if (++failures > 1) tell('bad', 'Gone', lastSeen ?
      `Baresip does not answer since ${lastSeen.toLocaleTimeString()}. This is how it was then.` :
      `Baresip does not answer: ${error.message}`);
  }
  // a long answer is asked for less often
  const took = performance.now() - begun;
  polling = false;
  timer = setTimeout(poll, again ? 0 : failures === 1 ? 200 : document.hidden ? 5000 : Math.min(5000, Math.max(POLL_MS, 4 * took)));
}

// Pages

function route() {
  const [page, aor] = location.hash.slice(1).split('/');
  const line = page === 'line' && has('config');
  $('overview').hidden = line;
  $('line').hidden = !line;
  $('tab-overview').toggleAttribute('aria-current', !line);
  $('tab-line').toggleAttribute('aria-current', line);
  for (const tab of [$('tab-overview'), $('tab-line')])
    if (tab.hasAttribute('aria-current')) tab.setAttribute('aria-current', 'page');
  document.title = line ? 'Line to SIP – Failover' : 'Failover';
  if (line) showLine(aor ? decodeURIComponent(aor) : '');
}

$('tab-line').hidden = !has('config');
$('find').addEventListener('input', applyFilter);
$('more').addEventListener('click', showMore);
end.observe($('more'));
addEventListener('hashchange', route);
document.addEventListener('visibilitychange', () => document.hidden || poll());
setInterval(tick, 1000);
route();
poll();
