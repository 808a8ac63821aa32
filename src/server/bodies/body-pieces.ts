/** Pieces that are retained as they are. Almost every body has fewer. */
const FEW = 64;
/** Bytes into which small pieces are copied together. */
const SLAB = 2 ** 16;

/**
 * The pieces of a body of unknown length. A client decides how small its chunks are, and each piece is an object of some hundred bytes:
 * as bytes of their own, the chunks of a large body could take all memory.
 */
export class BodyPieces {
  private readonly pieces: Buffer[] = [];
  private slab = Buffer.alloc(0);
  /** The part of the slab that is not yet in `pieces`. */
  private from = 0;
  private to = 0;

  add(piece: Buffer): void {
    if (this.pieces.length < FEW || piece.length > SLAB / 4) {
      this.endPart();
      this.pieces.push(piece);
      return;
    }
    if (this.to + piece.length > this.slab.length) {
      this.endPart();
      this.slab = Buffer.allocUnsafeSlow(SLAB);
      this.from = 0;
      this.to = 0;
    }
    this.to += piece.copy(this.slab, this.to);
  }

  concat(): Buffer {
    this.endPart();
    return this.pieces.length === 1 ? this.pieces[0]! : Buffer.concat(this.pieces);
  }

  private endPart(): void {
    if (this.to > this.from) this.pieces.push(this.slab.subarray(this.from, this.to));
    this.from = this.to;
  }
}
