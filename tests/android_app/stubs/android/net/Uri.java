package android.net;

/** STUB for compiling alone. */
public abstract class Uri {
    private Uri() {}
}
