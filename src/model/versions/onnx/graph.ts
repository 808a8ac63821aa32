/** Element types of tensors, as ONNX numbers them. */
export const ELEMENT = { float: 1, int64: 7, string: 8, double: 11 } as const;

/** An attribute of a node: a float, an integer, integers or texts. */
export type Attribute = number | bigint | readonly number[] | readonly bigint[] | readonly string[];

/** A graph of ONNX that is being built. Each method returns the name of what it adds. */
export class Graph {
  readonly node: object[] = [];
  readonly initializer: object[] = [];
  /** The names of all nodes and constants. */
  readonly names = new Set<string>();

  /** Adds a node with one output, which has its name. `domain` is that of the operator set. */
  apply(op_type: string, input: readonly string[], output: string, attributes: object = {}, domain = ''): string {
    const attribute = Object.entries(attributes).map(([name, value]) => ({ name, ...attributeOf(value) }));
    this.names.add(output);
    this.node.push({ op_type, domain, name: output, input, output: [output], attribute });
    return output;
  }

  /** Adds constant float32. */
  floats(name: string, dims: readonly number[], values: ArrayLike<number>): string {
    return this.constant(name, dims, ELEMENT.float, Float32Array.from(values));
  }

  /** Adds a constant float64. */
  double(name: string, value: number): string {
    return this.constant(name, [], ELEMENT.double, Float64Array.of(value));
  }

  /** Adds constant integers. */
  integers(name: string, dims: readonly number[], values: readonly bigint[]): string {
    return this.constant(name, dims, ELEMENT.int64, BigInt64Array.from(values));
  }

  private constant(name: string, dims: readonly number[], data_type: number, values: NodeJS.TypedArray): string {
    const raw_data = littleEndian(values);
    this.names.add(name);
    this.initializer.push({ name, dims, data_type, raw_data });
    return name;
  }
}

/** Describes a tensor `[rows, width]`, or `[rows]` without a width, for any number of rows. */
export function valueInfo(
  name: string,
  width: number | undefined,
  doc_string: string,
  type: keyof typeof ELEMENT = 'float',
) {
  const dim = [{ dim_param: 'rows' }, ...(width === undefined ? [] : [{ dim_value: width }])];
  return { name, doc_string, type: { tensor_type: { elem_type: ELEMENT[type], shape: { dim } } } };
}

function attributeOf(value: Attribute): object {
  if (typeof value === 'number') return { type: 'FLOAT', f: value };
  if (typeof value === 'bigint') return { type: 'INT', i: Number(value) };
  const [first] = value;
  if (typeof first === 'string') return { type: 'STRINGS', strings: value.map((text) => Buffer.from(String(text))) };
  if (typeof first === 'bigint') return { type: 'INTS', ints: value.map(Number) };
  return { type: 'FLOATS', floats: value };
}

function littleEndian(values: NodeJS.TypedArray): Uint8Array {
  const bytes = Buffer.from(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] === 1) return bytes;
  return values.BYTES_PER_ELEMENT === 8 ? bytes.swap64() : bytes.swap32();
}
