package android.view;

import android.content.Context;

/** STUB for compiling alone. */
public class View {
    /** STUB. */
    public interface OnClickListener {
        void onClick(View v);
    }

    public View(Context context) {}

    public void setOnClickListener(OnClickListener l) {}
}
