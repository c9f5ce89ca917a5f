include $(sort $(wildcard $(BR2_EXTERNAL_IRONMASQ_PATH)/package/*/*.mk))
