import { test } from 'node:test';
import { gridScore, makeScoreGrid } from '../../../../src/model/baseline/sketches/normal-scores.js';
import { OrderedLists } from '../../../../src/model/baseline/sketches/ordered-lists.js';
import { makeOrderedSample, sampleScore } from '../../../../src/model/baseline/sketches/ordered-sample.js';
import { assertClose, SCIPY } from '../../../support/scipy-statistics.js';

test('normal scores with ties agree with SciPy, on a feature’s grid and in a sample', () => {
  const { values, scores } = SCIPY.normal_scores;
  const sorted = Float64Array.from(values).sort();
  const grid = makeScoreGrid(sorted);
  const grids = new OrderedLists([grid.values]);
  const gridScores = Float64Array.from(grid.scores);
  const sample = makeOrderedSample(sorted);
  values.forEach((value, i) => {
    assertClose(gridScore(grids, gridScores, 0, value), scores[i]!, `grid score of ${value}`);
    assertClose(sampleScore(sample, value), scores[i]!, `sample score of ${value}`);
  });
});
