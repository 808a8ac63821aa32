/** Powers of ten, exact. */
const POWERS = Float64Array.from({ length: 16 }, (_, i) => Number(`1e${i}`));
/** Seven significant digits are tried first. Nine identify any float32. */
const SEVEN_DIGITS = 1e6;
/** Magnitudes that this class formats itself. It leaves others to `String`. */
const MIN_SIZE = 1e-5;
const MAX_SIZE = 1e9;
/** Bytes that suffice for any number, such as `-0.0000011505571819725446`. */
const MAX_NUMBER_BYTES = 32;

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/**
 * Writes text that consists mostly of float32 numbers. Each number gets only as many digits as it takes to read back the same
 * float32: 16.27726 for 16.277259826660156 in float64. This halves the length, and takes a quarter of `String`'s time.
 */
export class NumberWriter {
  private bytes = Buffer.alloc(1024);
  private at = 0;

  /** Appends ASCII text. */
  word(text: string): this {
    if (this.at + text.length > this.bytes.length) this.grow(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[this.at++] = text.charCodeAt(i);
    return this;
  }

  /** Appends a finite float32. */
  number(value: number): this {
    if (this.at + MAX_NUMBER_BYTES > this.bytes.length) this.grow(MAX_NUMBER_BYTES);
    const size = Math.abs(value);
    if (!(size >= MIN_SIZE && size < MAX_SIZE)) return this.word(String(value));
    if (value < 0) this.bytes[this.at++] = MINUS;
    let decimals = 0;
    while (size * POWERS[decimals]! < SEVEN_DIGITS) decimals++;
    let digits = Math.round(size * POWERS[decimals]!);
    // The correctly rounded quotient of two exact numbers is the value that their decimal text is read as.
    while (Math.fround(digits / POWERS[decimals]!) !== size) digits = Math.round(size * POWERS[++decimals]!);
    for (; decimals > 0 && digits % 10 === 0; decimals--) digits /= 10;
    this.decimal(digits, decimals);
    return this;
  }

  /** Appends `digits / 10^decimals`, from the last digit to the first. Nine digits fit in a 32-bit integer. */
  private decimal(digits: number, decimals: number): void {
    const { bytes } = this;
    let length = decimals + 1;
    while (digits >= POWERS[length]!) length++;
    const end = this.at + length + (decimals > 0 ? 1 : 0);
    let rest = digits | 0;
    for (let at = end - 1, place = 0; place < length; place++) {
      if (place === decimals && place > 0) bytes[at--] = POINT;
      const shorter = (rest / 10) | 0;
      bytes[at--] = ZERO + (rest - 10 * shorter);
      rest = shorter;
    }
    this.at = end;
  }

  /** Returns the text written so far, and starts a new one. */
  take(): string {
    const text = this.bytes.toString('latin1', 0, this.at);
    this.at = 0;
    return text;
  }

  private grow(size: number): void {
    const bytes = Buffer.alloc(2 * this.bytes.length + size);
    bytes.set(this.bytes);
    this.bytes = bytes;
  }
}
