/** The sections of a model card that only people can fill: their headings, and what belongs there (Mitchell et al., 2019). */
export const NOTE_SECTIONS = {
  owners: ['Owners and contact', 'who developed the model, who answers for it, and how to reach them'],
  licence: ['Licence and citation', 'licence, and how to cite the model'],
  intended_use: ['Primary uses and users', 'what the model is for, and who is meant to use it'],
  out_of_scope: ['Out of scope', 'uses that look similar, but that the model is not fit for'],
  factors: [
    'Groups, instruments and conditions',
    'groups, instruments or conditions between which the errors may differ',
  ],
  metrics: [
    'Why these metrics, and which error is acceptable',
    'why these measures of error matter, and which error is acceptable',
  ],
  data: [
    'Source, collection and preparation of the data',
    'where the data come from, how they were collected and prepared, and who may use them',
  ],
  ethical_considerations: [
    'Ethical considerations',
    'people and decisions that the model affects, risks, and what was done about them',
  ],
  caveats: ['Known weaknesses and recommendations', 'known weaknesses, what was not tested, and recommendations'],
} as const satisfies Record<string, readonly [heading: string, hint: string]>;
export type NoteSection = keyof typeof NOTE_SECTIONS;
