import { DomainError, show } from '../../base/domain-error.js';
import { checkCount } from '../../model/tables/rows.js';

/** The rows of a body: `{"instances": [...]}`, or the rows alone. Throws `INVALID_ROWS` and `TOO_LARGE`. */
export function readInstances(body: unknown, maxRows: number): readonly unknown[] {
  const instances = Array.isArray(body) ? body : readObject(body);
  checkCount(instances.length, 'instances', maxRows);
  return instances;
}

function readObject(body: unknown): readonly unknown[] {
  if (typeof body !== 'object' || body === null) {
    throw invalid(`body: expected {"instances": [...]}, got ${body === undefined ? 'nothing' : show(body)}`);
  }
  const unknown = Object.keys(body).find((key) => key !== 'instances');
  if (unknown !== undefined) throw invalid(`body: unknown key ${show(unknown)}; expected {"instances": [...]}`);
  const { instances } = body as { instances?: unknown };
  if (!Array.isArray(instances)) {
    throw invalid(`instances: expected an array of rows, got ${instances === undefined ? 'nothing' : show(instances)}`);
  }
  return instances;
}

function invalid(message: string): DomainError {
  return new DomainError('INVALID_ROWS', message);
}
