import type { FastifyReply } from 'fastify';
import type { Card } from '../../../model/versions/card.js';

/** Replies of a route that are cards: the names and the history of a large model take long to write, so each is written once. */
export class CardTexts {
  private readonly texts = new WeakMap<Card, string>();

  /** Sends a card after `fields`, which must be the same whenever the card is. */
  send(reply: FastifyReply, card: Card, fields: Readonly<Record<string, unknown>>): FastifyReply {
    let text = this.texts.get(card);
    if (text === undefined) {
      text = String(reply.serialize({ ...fields, ...card }));
      this.texts.set(card, text);
    }
    return reply.type('application/json; charset=utf-8').send(text);
  }
}
