/** The purpose of a call. */
export type Purpose = (typeof PURPOSES)[number]['purpose'];

/**
 * Purposes of calls, by `function place`, such as `read src/base/json/row-parser.ts`; the first matching rule applies. A call
 * that matches no rule counts with its caller: WebAssembly, V8 internals, code generated at run time, and small shared
 * functions. Black text is readable on the colours, and most of them are distinguishable with any colour vision (Tol, 2021,
 * scheme "light").
 */
export const PURPOSES = [
  {
    purpose: 'reading the rows',
    colour: '#77aadd',
    rule: /src\/base\/json\/(row-parser|parse-json)|src\/server\/readers\/|secure-json-parse|fastify\/lib\/(content-type-parser|validation)/,
  },
  { purpose: 'forward pass', colour: '#ee8866', rule: /src\/model\/(engines|network)\// },
  { purpose: 'drift monitoring', colour: '#eedd88', rule: /src\/drift\/|src\/server\/service\/drift\// },
  { purpose: 'metrics', colour: '#ffaabb', rule: /src\/server\/metrics\/|prom-client/ },
  {
    purpose: 'writing the reply',
    colour: '#99ddff',
    rule: /src\/server\/inference\/[\w-]+-(reply|text)|src\/base\/json\/number-writer|^serialize .*fastify|fast-json-stringify/,
  },
  {
    purpose: 'rest of the service, logs',
    colour: '#44bb99',
    rule: /src\/(server|base)\/|node_modules\/(pino|sonic-boom)/,
  },
  { purpose: 'Fastify', colour: '#bbcc33', rule: /node_modules\// },
  {
    purpose: "Node's HTTP and sockets",
    colour: '#dddddd',
    rule: / node:(_http|net|events|timers|internal\/(streams|stream_base_commons|process|timers|async_hooks|http))/,
  },
  { purpose: 'garbage collection', colour: '#aaaa00', rule: /^\(garbage collector\)/ },
  { purpose: 'system, outside JavaScript', colour: '#aaaaaa', rule: /^\(program\)/ },
] as const;

/** Returns the purpose of a call, by default that of its caller. */
export function purposeOf(name: string, place: string, caller: Purpose | undefined): Purpose | undefined {
  return PURPOSES.find(({ rule }) => rule.test(`${name} ${place}`))?.purpose ?? caller;
}
