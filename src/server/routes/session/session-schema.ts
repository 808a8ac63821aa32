import { type Static, Type } from 'typebox';
import { nullable } from '../../../base/json/nullable.js';
import { SCOPES } from '../../access/scopes.js';

const SignedIn = Type.Object({
  id: Type.String({ description: 'as in the audit log' }),
  kind: Type.Enum(['anyone', 'key', 'token', 'certificate', 'session']),
  name: nullable(Type.String()),
  scopes: Type.Array(Type.Enum([...SCOPES])),
  expires: nullable(Type.String(), { description: 'ISO 8601' }),
});

export const SessionReply = Type.Object(
  {
    closed: Type.Boolean({ description: 'whether credentials are required' }),
    open_to: nullable(Type.Array(Type.String()), {
      description:
        'addresses: whoever reaches one may do everything; none within an application, which decides; null if credentials are required',
    }),
    sign_in: Type.Object(
      {
        key: Type.Boolean({ description: 'with a credential in the header of POST /session' }),
        oidc: nullable(Type.String(), { description: 'host of the issuer; begins at GET /session/oidc' }),
      },
      { description: 'how the page can sign in' },
    ),
    principal: nullable(SignedIn, { description: 'who sends this request; null without a valid credential' }),
  },
  { 'x-schema': 'SessionReply' },
);
export type SessionReply = Static<typeof SessionReply>;
