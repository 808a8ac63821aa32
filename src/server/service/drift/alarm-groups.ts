import { PREDICTION_ERROR } from '../../../drift/feedback/error-monitor.js';
import { GROUPS } from '../../../drift/rows/channels.js';

/** The groups that have an alarm: those of the traffic, and the prediction errors of labelled rows. */
export const ALARM_GROUPS = [...GROUPS, PREDICTION_ERROR] as const;
export type AlarmGroup = (typeof ALARM_GROUPS)[number];
