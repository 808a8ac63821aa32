/**
 * What a page of another site tries on a service, as a script of that page: `attack(url)` resolves with what it could read or
 * notice, one line for each. It sends everything that a browser sends without asking first, and all that it asks for.
 */
export const FOREIGN_PAGE = `<!doctype html><title>Another site</title><body><script>
const later = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
/** Paths that change something without a body. */
const CHANGES = ['models/2/activate', 'models/1/activate', 'models/rollback', 'drift/reset', 'drift/baseline',
  'v2/repository/index', 'v2/repository/models/reconstruction_regressor/load'];
const ROW = '{"instances": [[8, 307, 130, 3504, 12, 70, 1]]}';
const FEEDBACK = '{"instances": [[8, 307, 130, 3504, 12, 70, 1]], "targets": [18]}';
const CSV = 'a,y\\n' + Array.from({ length: 100 }, (_, i) => i + ',' + i + '\\n').join('');
/** Bodies, by path. */
const BODIES = [['predict', ROW], ['predict?ids=true', ROW], ['feedback', FEEDBACK], ['invocations', ROW],
  ['v1/models/reconstruction_regressor:predict', ROW], ['train?target=y&replace=true', CSV], ['models', 'x'],
  ['v2/repository/models/reconstruction_regressor/load', '{"parameters": {"version": "1"}}']];
const READS = ['', 'model', 'models', 'models/1/archive', 'models/1/onnx', 'models/1/compare/2', 'drift', 'drift/history',
  'metrics', 'openapi.json', 'docs/', 'readyz?verbose', 'v2', 'version'];

/** All requests that scripts can send. What a page may read of the replies is collected. */
async function fetches(url, found) {
  const tries = [];
  const seen = (what, reply) => reply.text().then((text) => {
    if (reply.type !== 'opaque' || text) found.push(what + ': ' + reply.status + ' ' + text.slice(0, 200));
  });
  const send = (path, init) => {
    const what = [init.method ?? 'GET', init.mode ?? 'cors', path].join(' ');
    tries.push(fetch(url + path, init).then((reply) => seen(what, reply), () => {}));
  };
  for (const credentials of ['omit', 'include']) {
    for (const path of READS) for (const mode of ['cors', 'no-cors']) send(path, { mode, credentials });
    for (const path of CHANGES) for (const mode of ['cors', 'no-cors']) send(path, { mode, credentials, method: 'POST' });
    for (const [path, body] of BODIES) {
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
        send(path, { mode: 'no-cors', credentials, method: 'POST', body, headers: { 'content-type': type } });
      }
      // A body without a type, which some protocols take for JSON.
      send(path, { mode: 'no-cors', credentials, method: 'POST', body: new Blob([body]) });
      for (const type of ['application/json', 'text/csv', 'application/gzip']) {
        send(path, { credentials, method: 'POST', body, headers: { 'content-type': type } });
      }
    }
    for (const method of ['DELETE', 'PUT', 'PATCH']) send('models/1', { method, credentials });
  }
  for (const [path, body] of BODIES) {
    navigator.sendBeacon(url + path, body);
    navigator.sendBeacon(url + path, new Blob([body]));
  }
  for (const path of CHANGES) navigator.sendBeacon(url + path);
  await Promise.all(tries);
}

/** Forms of every encoding, into frames and into windows of their own. */
async function forms(url) {
  for (const path of [...CHANGES, ...BODIES.map(([path]) => path)]) {
    for (const enctype of ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']) {
      const frame = document.createElement('iframe');
      frame.name = 'f' + Math.random();
      const form = document.createElement('form');
      Object.assign(form, { action: url + path, method: 'post', enctype, target: frame.name });
      const input = document.createElement('input');
      // As text/plain, with its value, this is the row.
      Object.assign(input, { name: '{"instances": [[8, 307, 130, 3504, 12, 70, 1]], "x": "', value: '"}' });
      form.append(input);
      document.body.append(frame, form);
      form.submit();
    }
  }
  const form = document.createElement('form');
  Object.assign(form, { action: url + 'models/rollback', method: 'post', target: '_blank' });
  document.body.append(form);
  form.submit();
  await later(500);
}

/** Everything that a document can embed: the event \`load\` would say that it was received. */
async function embeds(url, found) {
  const tries = [];
  const put = (tag, attributes) => tries.push(new Promise((resolve) => {
    const element = document.createElement(tag);
    element.onload = () => {
      // A frame has loaded, even if what it shows is the browser's own error.
      if (tag !== 'iframe' && tag !== 'object' && tag !== 'embed') found.push(tag + ' ' + (attributes.src ?? attributes.href) + ' loaded');
      resolve();
    };
    element.onerror = () => resolve();
    Object.assign(element, attributes);
    document.body.append(element);
    setTimeout(resolve, 2000);
  }));
  for (const path of READS) {
    put('img', { src: url + path });
    put('script', { src: url + path });
    put('video', { src: url + path });
    put('link', { rel: 'stylesheet', href: url + path });
    put('link', { rel: 'prefetch', href: url + path });
    put('iframe', { src: url + path, className: 'framed' });
    put('object', { data: url + path });
    put('embed', { src: url + path });
  }
  put('img', { src: url + 'page/icon.svg' });
  await Promise.all(tries);
  for (const frame of document.querySelectorAll('iframe.framed')) {
    // An empty document of this origin is there until the other one has come.
    try { const text = frame.contentDocument.body.innerText; if (text) found.push('frame ' + frame.src + ': ' + text); } catch {}
  }
}

/** Connections that stay open. */
async function streams(url, found) {
  await Promise.all(['drift/events', 'train/1/events'].flatMap((path) => [
    new Promise((resolve) => {
      const events = new EventSource(url + path);
      const note = (event) => found.push('event stream ' + path + ': ' + event.type + ' ' + event.data);
      for (const name of ['open', 'message', 'progress', 'alarm']) events.addEventListener(name, note);
      events.addEventListener('error', () => { if (events.readyState === EventSource.CLOSED) resolve(); });
      setTimeout(() => { events.close(); resolve(); }, 1500);
    }),
    new Promise((resolve) => {
      const socket = new WebSocket(url.replace('http', 'ws') + path);
      socket.onopen = () => found.push('web socket ' + path + ' is open');
      socket.onclose = resolve;
      setTimeout(resolve, 1500);
    }),
  ]));
}

/** A window that shows the service: what can its opener see? */
async function popups(url, found) {
  for (const path of ['', 'docs/', 'models']) {
    const other = open(url + path);
    if (!other) continue;
    await later(700);
    try { const text = other.document.body.innerText; if (text) found.push('window ' + path + ': ' + text.slice(0, 100)); } catch {}
    try { if (other.length > 0) found.push('window ' + path + ' has ' + other.length + ' frames'); } catch {}
    try { other.location = url + 'models/rollback'; } catch {}
    other.postMessage('models/rollback', '*');
    other.close();
  }
}

async function attack(url) {
  const found = [];
  await fetches(url, found);
  await forms(url);
  await embeds(url, found);
  await streams(url, found);
  await popups(url, found);
  await later(500);
  return found;
}
</script>`;
