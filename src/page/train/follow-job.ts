import { type Epoch, getJob, type Job, jobEventsPath, ServiceError } from '../client/api.js';

type Search = NonNullable<Job['search']>;

/** The state of a training as the page knows it. */
export interface JobView {
  /** Finished epochs. If there are many: every second, fourth and so on, and the latest. */
  readonly epochs: readonly Epoch[];
  /** The epoch with the smallest prediction error on held-out rows. */
  readonly best: Epoch | null;
  /** The search for options; null if there is none. */
  readonly search: Job['search'];
  /** Whether a client has asked for the search: cancelling then ends the search alone. */
  readonly isSearchAsked: boolean;
  /** The final state; null while the training runs. */
  readonly end: Job | null;
  /** Progress of the new version in the shadow of the serving one; null outside the shadow phase. */
  readonly shadow: Job['shadow'];
  /** Maximum number of epochs; null until known. */
  readonly limit: number | null;
  /** Why the page can no longer follow the training. */
  readonly lost: string | null;
}

/** Maximum number of epochs in the chart. A training may have 100,000. */
const MAX_EPOCHS = 1000;
/** Minimum time between updates of the view, in milliseconds: epochs may arrive much faster. */
const UPDATE_INTERVAL = 200;
/** Time without an epoch after which the job is polled, in milliseconds. */
const POLL_DELAY = 2000;

/**
 * Follows one training through its events: all epochs, including past ones, and the end. Returns a function that stops
 * following it.
 */
export function followJob(id: string, onChange: (view: JobView) => void): () => void {
  let events: EventSource;
  let view: Omit<JobView, 'epochs'> = {
    ...{ best: null, search: null, isSearchAsked: false, end: null, shadow: null, limit: null, lost: null },
  };
  let epochs: Epoch[] = [];
  let latest: Epoch | null = null;
  let stride = 1;
  let pollTimer: ReturnType<typeof setTimeout> | undefined;
  let isWaiting = false;
  let isClosed = false;
  let isStopped = false;

  listen();
  void poll();
  return () => {
    isClosed = true;
    stop();
  };

  function listen(): void {
    events = new EventSource(jobEventsPath(id));
    // After a reconnect, the events start again from the first epoch.
    events.onopen = () => {
      epochs = [];
      view = { ...view, best: null };
      stride = 1;
    };
    events.addEventListener('epoch', ({ data }) => {
      latest = JSON.parse(data) as Epoch;
      add(latest);
      schedulePoll();
      const isBest = !view.best || latest.val_prediction_error < view.best.val_prediction_error;
      update(isBest ? { best: latest } : {});
    });
    events.addEventListener('search', ({ data }) => {
      update({ search: JSON.parse(data) as Search });
      // The search may have changed how many epochs there are.
      void poll();
    });
    events.addEventListener('trial', ({ data }) => {
      const trial = JSON.parse(data) as Search['trials'][number];
      const { search } = view;
      schedulePoll();
      if (!search) return;
      const trials = [...search.trials];
      trials[trial.trial - 1] = trial;
      update({ search: { ...search, tried: trials.length, trials } });
    });
    events.addEventListener('end', ({ data }) => {
      const end = JSON.parse(data) as Job;
      stop();
      update({ end, search: end.search, shadow: end.shadow });
    });
    events.onerror = schedulePoll;
  }

  function stop(): void {
    isStopped = true;
    events.close();
    clearTimeout(pollTimer);
  }

  function schedulePoll(): void {
    clearTimeout(pollTimer);
    if (!isStopped) pollTimer = setTimeout(() => void poll(), POLL_DELAY);
  }

  function add(epoch: Epoch): void {
    const isShown = (one: Epoch) => (one.epoch - 1) % stride === 0;
    if (isShown(epoch)) epochs.push(epoch);
    if (epochs.length < MAX_EPOCHS) return;
    stride *= 2;
    epochs = epochs.filter(isShown);
  }

  /** Reads the job, which a restarted service no longer has. */
  async function poll(): Promise<void> {
    try {
      const { options, shadow } = await getJob(id);
      // A browser does not try again when its request for events was refused, as by an overloaded service.
      if (!isStopped && events.readyState === EventSource.CLOSED) listen();
      schedulePoll();
      const isSearchAsked = options.trials !== undefined || options.budget_seconds !== undefined;
      update({ limit: options.epochs, isSearchAsked, shadow: view.end ? view.shadow : shadow });
    } catch (error) {
      if (!(error instanceof ServiceError)) return schedulePoll();
      stop();
      update({ lost: error.status === 404 ? 'The service was restarted, which ended the training.' : error.message });
    }
  }

  function update(change: Partial<typeof view>): void {
    view = { ...view, ...change };
    if (isWaiting) return;
    isWaiting = true;
    setTimeout(() => {
      isWaiting = false;
      const shown = latest && latest !== epochs.at(-1) ? [...epochs, latest] : [...epochs];
      if (!isClosed) onChange({ ...view, epochs: shown });
    }, UPDATE_INTERVAL);
  }
}
