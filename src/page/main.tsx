import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './page.css';
import { App } from './app.js';
import { Live } from './client/live.js';

render(<App live={new Live()} />, document.querySelector('#page')!);
