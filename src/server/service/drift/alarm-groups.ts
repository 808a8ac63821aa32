import { PREDICTION_ERROR } from '../../../drift/feedback/error-monitor.js';
import { INTERVAL_COVERAGE } from '../../../drift/intervals/coverage-monitor.js';
import { GROUPS } from '../../../drift/rows/channels.js';

/** The groups that have an alarm: those of the traffic, and by labelled rows the prediction errors and the coverage of intervals. */
export const ALARM_GROUPS = [...GROUPS, PREDICTION_ERROR, INTERVAL_COVERAGE] as const;
export type AlarmGroup = (typeof ALARM_GROUPS)[number];
