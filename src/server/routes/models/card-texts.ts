import type { FastifyReply } from 'fastify';
import type { Card } from '../../../model/versions/card.js';

/** Replies of a route that are cards: the names and the history of a large model take long to write, so each is written once. */
export class CardTexts {
  private readonly texts = new WeakMap<Card, { readonly tag: string; readonly text: string }>();

  /** Sends a card after `fields`, which must be the same whenever the card and `tag` are. */
  send(reply: FastifyReply, card: Card, fields: Readonly<Record<string, unknown>>, tag = ''): FastifyReply {
    let written = this.texts.get(card);
    if (written?.tag !== tag) {
      written = { tag, text: String(reply.serialize({ ...fields, ...card })) };
      this.texts.set(card, written);
    }
    return reply.type('application/json; charset=utf-8').send(written.text);
  }
}
