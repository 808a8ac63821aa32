import { Type } from 'typebox';
import { DriftReport } from '../../../drift/monitor/report.js';
import { HistoryPoint } from '../../service/drift/error-history.js';
import { BaselineOrigin } from '../../service/drift/stored-baseline.js';
import { LiveReport } from '../../service/feedback/live-model.js';

/** The reply of `GET /drift`: the monitor's report, the origin of its baseline, and the errors on labelled rows. */
export const DriftReply = Type.Object(
  {
    model_version: Type.String(),
    ...DriftReport.properties,
    baseline: Type.Object({ ...DriftReport.properties.baseline.properties, ...BaselineOrigin.properties }),
    feedback: LiveReport,
  },
  { $id: 'DriftReply' },
);

/** The reply of `GET /drift/history`. */
export const HistoryReply = Type.Object(
  { points: Type.Array(HistoryPoint, { description: 'one every five seconds, the oldest first' }) },
  { $id: 'HistoryReply' },
);
