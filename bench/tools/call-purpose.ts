/** What a call is for. */
export type Room = (typeof ROOMS)[number]['room'];

/**
 * What calls are for, by `function place`, such as `read src/model/row-parser.js`; the first rule that matches. What
 * matches none counts with its caller: WebAssembly, what V8 does by itself, code made at run time, small functions of
 * ours that many call. The colours bear black text, and people with any colour vision can tell most apart (Tol, 2021,
 * scheme "light").
 */
export const ROOMS = [
  {
    room: 'reading the rows',
    colour: '#77aadd',
    rule: /src\/model\/row-parser|secure-json-parse|fastify\/lib\/(content-type-parser|validation)/,
  },
  { room: 'forward pass', colour: '#ee8866', rule: /src\/model\/(kernel\/|predictor|scaler)/ },
  { room: 'watching', colour: '#eedd88', rule: /src\/drift\/|src\/server\/(drift-watch|error-history)/ },
  { room: 'metrics', colour: '#ffaabb', rule: /src\/server\/(model-metrics|bucket-counts|\w+-histogram)|prom-client/ },
  {
    room: 'writing the reply',
    colour: '#99ddff',
    rule: /src\/server\/(predict-reply|number-writer)|^serialize .*fastify|fast-json-stringify/,
  },
  { room: 'the service around these, logs', colour: '#44bb99', rule: /src\/server\/|node_modules\/(pino|sonic-boom)/ },
  { room: 'Fastify', colour: '#bbcc33', rule: /node_modules\// },
  {
    room: "Node's HTTP and sockets",
    colour: '#dddddd',
    rule: / node:(_http|net|events|timers|internal\/(streams|stream_base_commons|process|timers|async_hooks|http))/,
  },
  { room: 'garbage collection', colour: '#aaaa00', rule: /^\(garbage collector\)/ },
  { room: 'system, outside JavaScript', colour: '#aaaaaa', rule: /^\(program\)/ },
] as const;

/** Of a call; `caller` is the room of its caller. */
export function roomOf(name: string, place: string, caller: Room | undefined): Room | undefined {
  return ROOMS.find(({ rule }) => rule.test(`${name} ${place}`))?.room ?? caller;
}
