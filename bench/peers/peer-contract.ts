import { bodyOf, FEATURES, rowsOf } from '../serving/serving-rows.js';

/** How to request predictions from a server in JSON, and where to find them in its reply. */
export interface PeerContract {
  readonly path: string;
  /** Returns the request body for `count` rows, beginning at row `start`. */
  readonly bodyOf: (count: number, start: number) => string;
  readonly predictionsOf: (answer: unknown) => readonly number[];
}

export const HEADERS = { 'content-type': 'application/json' };

export const PREDICT: PeerContract = {
  path: '/predict',
  bodyOf,
  predictionsOf: (answer) => (answer as { predictions: [number][] }).predictions.flat(),
};

export const TORCHSERVE: PeerContract = { ...PREDICT, path: '/predictions/regressor' };

export const OPEN_INFERENCE: PeerContract = {
  path: '/v2/models/regressor/infer',
  bodyOf: (count, start) => {
    const data = rowsOf(count, start).flat();
    return JSON.stringify({ inputs: [{ name: 'rows', shape: [count, FEATURES.length], datatype: 'FP32', data }] });
  },
  predictionsOf: (answer) =>
    (answer as { outputs: { name: string; data: number[] }[] }).outputs.find(({ name }) => name === 'predictions')!
      .data,
};

/** A running server. */
export interface PeerServer {
  readonly port: number;
  readonly contract: PeerContract;
}

export function predict({ port, contract }: PeerServer, count: number): Promise<Response> {
  const body = contract.bodyOf(count, 0);
  return fetch(`http://127.0.0.1:${port}${contract.path}`, { method: 'POST', headers: HEADERS, body });
}
