package reswise.classifier;

import java.util.concurrent.CancellationException;

/**
 * Ends a classification from another thread: between rungs, between rows of the resize, and inside
 * a rung between LiteRT's operations, where the engine can. One token, one classification.
 */
public final class Cancel {
    private boolean cancelled;
    private Runnable interrupt;

    /** The classification that has this token throws CancellationException soon. */
    public synchronized void cancel() {
        cancelled = true;
        if (interrupt != null) {
            interrupt.run();
        }
    }

    public synchronized boolean isCancelled() {
        return cancelled;
    }

    synchronized void check() {
        if (cancelled) {
            throw new CancellationException("the classification was cancelled");
        }
    }

    /** From now until {@link #end}, cancelling also calls this. */
    synchronized void begin(Runnable interrupt) {
        check();
        this.interrupt = interrupt;
    }

    synchronized void end() {
        interrupt = null;
    }
}
