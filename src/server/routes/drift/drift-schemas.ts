import { Type } from 'typebox';
import { nullable } from '../../../base/json/nullable.js';
import { ErrorComparison } from '../../../drift/feedback/error-report.js';
import { ExpectedErrorReport } from '../../../drift/feedback/expected-errors.js';
import { CoverageReport } from '../../../drift/intervals/coverage-report.js';
import { DriftReport, GroupReport } from '../../../drift/monitor/report.js';
import { ALARM_GROUPS } from '../../service/drift/alarm-groups.js';
import { HistoryPoint } from '../../service/drift/error-history.js';
import { BaselineOrigin } from '../../service/drift/stored-baseline.js';
import { LiveReport } from '../../service/feedback/live-model.js';

/** The prediction errors: on labelled rows, compared with those on held-out rows, and expected without labels. */
const PredictionError = Type.Object({
  comparison: nullable(ErrorComparison, { description: 'null if errors cannot be compared' }),
  reason: nullable(Type.String(), { description: 'why errors cannot be compared' }),
  expected: ExpectedErrorReport,
});

/** Whether prediction intervals cover as many true values of labelled rows as they say. */
const IntervalCoverage = Type.Object({
  comparison: nullable(CoverageReport, { description: 'null for a version without intervals' }),
  reason: nullable(Type.String(), { description: 'why there is none' }),
});

/** The reply of `GET /drift`: the monitor's report, the origin of its baseline, and the errors on labelled rows. */
export const DriftReply = Type.Object(
  {
    model_version: Type.String(),
    ...DriftReport.properties,
    groups: Type.Array(Type.Object({ ...GroupReport.properties, group: Type.Enum([...ALARM_GROUPS]) }), {
      description:
        'those of the traffic, and by feedback prediction_error, if errors can be compared, and interval_coverage, if the version has intervals',
    }),
    baseline: Type.Object({ ...DriftReport.properties.baseline.properties, ...BaselineOrigin.properties }),
    feedback: LiveReport,
    prediction_error: PredictionError,
    interval_coverage: IntervalCoverage,
  },
  { 'x-schema': 'DriftReply' },
);

/** The reply of `GET /drift/history`. */
export const HistoryReply = Type.Object(
  { points: Type.Array(HistoryPoint, { description: 'one every five seconds, the oldest first' }) },
  { 'x-schema': 'HistoryReply' },
);
