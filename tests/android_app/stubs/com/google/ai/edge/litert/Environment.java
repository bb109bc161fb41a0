package com.google.ai.edge.litert;

/** STUB for compiling alone. */
public final class Environment implements AutoCloseable {
    private Environment() {}

    @Override
    public void close() {}
}
