import { render } from 'preact';
// A later sheet overrides an earlier one: elements, then shared parts, then views.
import 'uplot/dist/uPlot.min.css';
import './page.css';
import './head.css';
import './parts/panel.css';
import './parts/verdict.css';
import './parts/plot.css';
import './parts/table.css';
import './parts/histogram.css';
import './parts/bar.css';
import './parts/form.css';
import './parts/choice.css';
import './parts/failure.css';
import './access/sign-in.css';
import './monitor/monitor.css';
import './monitor/guards.css';
import './monitor/inputs.css';
import './try-it/try-it.css';
import './train/train.css';
import './versions/confirm.css';
import './versions/versions.css';
import './importance/importance.css';
import { App } from './app.js';

render(<App />, document.querySelector('#page')!);
